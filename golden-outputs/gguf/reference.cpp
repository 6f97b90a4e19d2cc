// Blocks of every type and what ggml makes of them. Per type: N blocks of random bytes with chosen scales, and quantized real data.
#include "ggml.h"
#include <cstdio>
#include <cstdint>
#include <cstring>
#include <cstdlib>
#include <cmath>
#include <vector>
static uint64_t s=88172645463325252ull; static uint32_t rnd(){ s^=s<<13; s^=s>>7; s^=s<<17; return (uint32_t)(s>>16); }
static void w32(FILE*f,uint32_t v){fwrite(&v,4,1,f);}
int main(int argc,char**argv){
  struct T{ggml_type t; std::vector<int> halves;};
  T ts[]={{GGML_TYPE_Q4_0,{0}},{GGML_TYPE_Q4_1,{0,2}},{GGML_TYPE_Q5_0,{0}},{GGML_TYPE_Q5_1,{0,2}},{GGML_TYPE_Q8_0,{0}},
   {GGML_TYPE_Q2_K,{80,82}},{GGML_TYPE_Q3_K,{108}},{GGML_TYPE_Q4_K,{0,2}},{GGML_TYPE_Q5_K,{0,2}},{GGML_TYPE_Q6_K,{208}},
   {GGML_TYPE_IQ4_NL,{0}},{GGML_TYPE_IQ4_XS,{0}},{GGML_TYPE_MXFP4,{}},{GGML_TYPE_F16,{0}},{GGML_TYPE_BF16,{}}};
  // f16: 1, smallest subnormal, a subnormal, largest, -largest, smallest normal, 0, -0, pi/1000, inf, nan
  uint16_t sp[]={0x3c00,0x0001,0x02a5,0x7bff,0xfbff,0x0400,0x0000,0x8000,0x1a6f,0x7c00,0x7e00};
  for(auto&x:ts){
    const ggml_type_traits*tr=ggml_get_type_traits(x.t);
    size_t bs=tr->type_size; int64_t n=tr->blck_size;
    int random=n==1?256:24, quant=n==1?0:8, N=random+quant;
    std::vector<uint8_t> b(bs*N);
    for(auto&c:b)c=rnd();
    for(int i=0;i<random&&n>1;i++)for(size_t k=0;k<x.halves.size();k++){
      uint16_t h; do{h=(uint16_t)rnd();}while((h&0x7c00)==0x7c00);
      if(i<11)h=sp[(i+k*3)%11];
      memcpy(&b[bs*i+x.halves[k]],&h,2);
    }
    if(x.t==GGML_TYPE_MXFP4)for(int i=0;i<8;i++){uint8_t e[]={0,1,2,127,128,254,255,60};b[bs*i]=e[i];}
    if(quant){std::vector<float> v(n*quant);for(auto&f:v){float g=0;for(int i=0;i<12;i++)g+=(rnd()&0xffff)/65536.f;f=(g-6)*0.02f;}
      std::vector<float> im(n*quant,1.f);
      ggml_quantize_chunk(x.t,v.data(),&b[bs*random],0,quant,n,im.data());}
    std::vector<float> out(n*N);
    tr->to_float(b.data(),out.data(),n*N);
    char name[256];snprintf(name,256,"%s/%s.bin",argv[1],ggml_type_name(x.t));
    FILE*f=fopen(name,"wb");w32(f,x.t);w32(f,(uint32_t)n);w32(f,(uint32_t)bs);w32(f,N);
    fwrite(b.data(),1,b.size(),f);fwrite(out.data(),4,out.size(),f);fclose(f);
    printf("%s %lld weights %zu bytes %d blocks\n",name,(long long)n,bs,N);
  }
}
